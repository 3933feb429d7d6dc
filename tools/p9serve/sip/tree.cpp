#include "tools/p9serve/sip/tree.hpp"

namespace p9::serve::sip {
namespace {

FilePtr fixed_directory(const VisitorPtr& visitor, u64 path, std::vector<Named> children) {
    return std::make_shared<FixedDirectory>(Place{path, 0555, visitor->world().born}, std::move(children));
}

FilePtr make_types(const VisitorPtr& visitor) {
    return std::make_shared<TextFile>(Place{PATH_TYPES, 0444, visitor->world().born},
                                      [visitor] { return visitor->world().registry.types_text(); });
}

}  // namespace

FilePtr make_tree(const VisitorPtr& visitor) {
    std::vector<Named> sip{
        {"clone", make_clone(visitor)}, {"types", make_types(visitor)}, {"servers", make_servers(visitor)}};
    std::vector<Named> dma{{"alloc", make_dma_alloc(visitor)}};
    std::vector<Named> dev{{"sip", fixed_directory(visitor, PATH_SIP, std::move(sip))},
                           {"mem", make_mem(visitor)},
                           {"io", make_io(visitor)},
                           {"dma", fixed_directory(visitor, PATH_DMA, std::move(dma))},
                           {"irq", make_irq(visitor)}};
    std::vector<Named> root{{"dev", fixed_directory(visitor, PATH_DEV, std::move(dev))}};
    return fixed_directory(visitor, PATH_ROOT, std::move(root));
}

}  // namespace p9::serve::sip
