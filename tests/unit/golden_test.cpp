#include "unit/golden.hpp"

#include "unit/messages_filled.hpp"

namespace p9::test {
namespace {

template <class... Ms>
::testing::Types<Ms...> types_of(List<Ms...>);

struct MessageNames {
    template <class M>
    static std::string GetName(int) {
        return std::string(M::message);
    }
};

template <class M>
class GoldenBytes : public ::testing::Test {};
TYPED_TEST_SUITE(GoldenBytes, decltype(types_of(Messages{})), MessageNames);

TYPED_TEST(GoldenBytes, AreWhatTheSpecificationSays) {
    Golden<TypeParam> tables;
    golden(tables);
    for (const Dialect dialect : all_dialects)
        EXPECT_EQ(tables.covers(dialect), speaks(TypeParam::dialects, dialect)) << version_string(dialect);
}

}  // namespace
}  // namespace p9::test
