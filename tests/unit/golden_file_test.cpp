// walk(5), open(5), read(5), clunk(5), remove(5).
#include "unit/golden.hpp"

#include <array>

namespace p9::test {

template <>
void golden(Golden<Twalk>& is) {
    is(everywhere, {Fid{0x14131211}, Fid{0x18171615}, {"usr", "local"}},
       {
           29,   0,    0,    0,                    // size
           110,                                    // Twalk
           0x02, 0x01,                             // tag
           0x11, 0x12, 0x13, 0x14,                 // fid
           0x15, 0x16, 0x17, 0x18,                 // newfid
           2,    0,                                // nwname
           3,    0,    'u',  's',  'r',            // wname[0]
           5,    0,    'l',  'o',  'c', 'a', 'l',  // wname[1]
       });
    is(everywhere, {Fid{1}, Fid{2}, {}},
       {
           17, 0, 0, 0,  // size
           110,          // Twalk
           0x02, 0x01,   // tag
           1, 0, 0, 0,   // fid
           2, 0, 0, 0,   // newfid
           0, 0,         // nwname: newfid becomes a copy of fid
       });
}

template <>
void golden(Golden<Rwalk>& is) {
    is(everywhere, {{some_qid, Qid{0, 0, 0x2a}}},
       {
           35,   0,    0, 0,                 // size
           111,                              // Rwalk
           0x02, 0x01,                       // tag
           2,    0,                          // nwqid
           0x80,                             // wqid[0].type
           1,    2,    3, 4,                 // wqid[0].version
           5,    6,    7, 8, 9, 10, 11, 12,  // wqid[0].path
           0,                                // wqid[1].type
           0,    0,    0, 0,                 // wqid[1].version
           42,   0,    0, 0, 0, 0,  0,  0,   // wqid[1].path
       });
    is(everywhere, {},
       {
           9, 0, 0, 0,  // size
           111,         // Rwalk
           0x02, 0x01,  // tag
           0, 0,        // nwqid
       });
}

template <>
void golden(Golden<Topen>& is) {
    is(before_linux, {Fid{0x14131211}, ORDWR | OTRUNC},
       {
           12, 0, 0, 0,             // size
           112,                     // Topen
           0x02, 0x01,              // tag
           0x11, 0x12, 0x13, 0x14,  // fid
           0x12,                    // mode: ORDWR and OTRUNC
       });
}

template <>
void golden(Golden<Ropen>& is) {
    is(before_linux, {some_qid, 0x00ffe8},
       {
           24,   0,    0, 0,                 // size
           113,                              // Ropen
           0x02, 0x01,                       // tag
           0x80,                             // qid.type
           1,    2,    3, 4,                 // qid.version
           5,    6,    7, 8, 9, 10, 11, 12,  // qid.path
           0xe8, 0xff, 0, 0,                 // iounit
       });
}

template <>
void golden(Golden<Tcreate>& is) {
    is(only_base, {Fid{0x14131211}, "dir", 0x800001ed, OREAD, ""},
       {
           21,   0,    0,    0,          // size
           114,                          // Tcreate
           0x02, 0x01,                   // tag
           0x11, 0x12, 0x13, 0x14,       // fid
           3,    0,    'd',  'i',  'r',  // name
           0xed, 0x01, 0,    0x80,       // perm: DMDIR and 0755
           0,                            // mode: OREAD
       });
    is(only_unix, {Fid{0x14131211}, "ln", 0x020001ff, OWRITE, "../x"},
       {
           26,   0,    0,    0,               // size
           114,                               // Tcreate
           0x02, 0x01,                        // tag
           0x11, 0x12, 0x13, 0x14,            // fid
           2,    0,    'l',  'n',             // name
           0xff, 0x01, 0,    0x02,            // perm: DMSYMLINK and 0777
           1,                                 // mode: OWRITE
           4,    0,    '.',  '.',  '/', 'x',  // extension
       });
}

template <>
void golden(Golden<Rcreate>& is) {
    is(before_linux, {some_qid, 0x04030201},
       {
           24,   0,    0, 0,                 // size
           115,                              // Rcreate
           0x02, 0x01,                       // tag
           0x80,                             // qid.type
           1,    2,    3, 4,                 // qid.version
           5,    6,    7, 8, 9, 10, 11, 12,  // qid.path
           1,    2,    3, 4,                 // iounit
       });
}

template <>
void golden(Golden<Tread>& is) {
    is(everywhere, {Fid{0x14131211}, 0x0807060504030201, 0x0c0b0a09},
       {
           23,   0,    0,    0,                 // size
           116,                                 // Tread
           0x02, 0x01,                          // tag
           0x11, 0x12, 0x13, 0x14,              // fid
           1,    2,    3,    4,    5, 6, 7, 8,  // offset
           9,    10,   11,   12,                // count
       });
}

template <>
void golden(Golden<Rread>& is) {
    const std::array<u8, 4> data{0, 0xff, 'a', '\n'};
    is(everywhere, {Bytes(data)},
       {
           15, 0, 0, 0,         // size
           117,                 // Rread
           0x02, 0x01,          // tag
           4, 0, 0, 0,          // count
           0, 0xff, 'a', '\n',  // data
       });
    is(everywhere, {},
       {
           11, 0, 0, 0,  // size
           117,          // Rread
           0x02, 0x01,   // tag
           0, 0, 0, 0,   // count: end of file
       });
}

template <>
void golden(Golden<Twrite>& is) {
    const std::array<u8, 3> data{'h', 'i', '\n'};
    is(everywhere, {Fid{0x14131211}, 0x0807060504030201, Bytes(data)},
       {
           26,   0,    0,    0,                 // size
           118,                                 // Twrite
           0x02, 0x01,                          // tag
           0x11, 0x12, 0x13, 0x14,              // fid
           1,    2,    3,    4,    5, 6, 7, 8,  // offset
           3,    0,    0,    0,                 // count
           'h',  'i',  '\n',                    // data
       });
}

template <>
void golden(Golden<Rwrite>& is) {
    is(everywhere, {0x04030201},
       {
           11, 0, 0, 0,  // size
           119,          // Rwrite
           0x02, 0x01,   // tag
           1, 2, 3, 4,   // count
       });
}

template <>
void golden(Golden<Tclunk>& is) {
    is(everywhere, {Fid{0x14131211}},
       {
           11, 0, 0, 0,             // size
           120,                     // Tclunk
           0x02, 0x01,              // tag
           0x11, 0x12, 0x13, 0x14,  // fid
       });
}

template <>
void golden(Golden<Rclunk>& is) {
    is(everywhere, {},
       {
           7, 0, 0, 0,  // size
           121,         // Rclunk
           0x02, 0x01,  // tag
       });
}

template <>
void golden(Golden<Tremove>& is) {
    is(everywhere, {Fid{0x14131211}},
       {
           11, 0, 0, 0,             // size
           122,                     // Tremove
           0x02, 0x01,              // tag
           0x11, 0x12, 0x13, 0x14,  // fid
       });
}

template <>
void golden(Golden<Rremove>& is) {
    is(everywhere, {},
       {
           7, 0, 0, 0,  // size
           123,         // Rremove
           0x02, 0x01,  // tag
       });
}

}  // namespace p9::test
