// The files of the SIP tree, as one visitor sees them.
//
// Made for each attach; the files share the visitor, and through it the World.
#pragma once

#include "tools/p9serve/sip/synthetic.hpp"
#include "tools/p9serve/sip/world.hpp"

namespace p9::serve::sip {

/// Paths of qids. The files of a server follow SERVER_PATHS * (its number + 1), interrupt lines IRQ_PATHS.
enum : u64 {
    PATH_ROOT = 1,
    PATH_DEV,
    PATH_SIP,
    PATH_CLONE,
    PATH_TYPES,
    PATH_SERVERS,
    PATH_MEM,
    PATH_IO,
    PATH_DMA,
    PATH_DMA_ALLOC,
    PATH_IRQ,
    PATH_IRQ_CTL,
    SERVER_PATHS = 0x100,
    IRQ_PATHS = u64{1} << 60,
};

/// The whole tree: a directory with `dev` in it.
FilePtr make_tree(const VisitorPtr& visitor);

// Its parts, by the files that define them.

FilePtr make_clone(const VisitorPtr& visitor);                                   // file_ctl.cpp
FilePtr make_ctl(const VisitorPtr& visitor, ServerPtr server, u64 path);         // file_ctl.cpp
FilePtr make_servers(const VisitorPtr& visitor);                                 // file_servers.cpp
FilePtr make_devices(const VisitorPtr& visitor, ServerPtr server, u64 path);     // file_disks.cpp
FilePtr make_server_irq(const VisitorPtr& visitor, ServerPtr server, u64 path);  // file_irq.cpp
FilePtr make_irq(const VisitorPtr& visitor);                                     // file_irq.cpp
FilePtr make_mem(const VisitorPtr& visitor);                                     // file_hardware.cpp
FilePtr make_io(const VisitorPtr& visitor);                                      // file_hardware.cpp
FilePtr make_dma_alloc(const VisitorPtr& visitor);                               // file_hardware.cpp

}  // namespace p9::serve::sip
