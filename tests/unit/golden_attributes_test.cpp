// 9P2000.L: attributes and extended attributes.
#include "unit/golden.hpp"

namespace p9::test {

template <>
void golden(Golden<Tgetattr>& is) {
    is(only_linux, {Fid{0x14131211}, 0x3fff},
       {
           19,   0,    0,    0,                 // size
           24,                                  // Tgetattr
           0x02, 0x01,                          // tag
           0x11, 0x12, 0x13, 0x14,              // fid
           0xff, 0x3f, 0,    0,    0, 0, 0, 0,  // request_mask: all
       });
}

template <>
void golden(Golden<Rgetattr>& is) {
    is(only_linux,
       {0x7ff,
        some_qid,
        0040755,
        0x04030201,
        0x08070605,
        0x1500000000000015,
        0x1600000000000016,
        0x1700000000000017,
        0x1800000000000018,
        0x1900000000000019,
        0x1a0000000000001a,
        0x1b0000000000001b,
        0x1c0000000000001c,
        0x1d0000000000001d,
        0x1e0000000000001e,
        0x1f0000000000001f,
        0x2000000000000020,
        0x2100000000000021,
        0x2200000000000022,
        0x2300000000000023},
       {
           160,  0,    0, 0,                   // size
           25,                                 // Rgetattr
           0x02, 0x01,                         // tag
           0xff, 0x07, 0, 0, 0, 0,  0,  0,     // valid: basic
           0x80,                               // qid.type
           1,    2,    3, 4,                   // qid.version
           5,    6,    7, 8, 9, 10, 11, 12,    // qid.path
           0xed, 0x41, 0, 0,                   // mode: S_IFDIR and 0755
           1,    2,    3, 4,                   // uid
           5,    6,    7, 8,                   // gid
           21,   0,    0, 0, 0, 0,  0,  0x15,  // nlink
           22,   0,    0, 0, 0, 0,  0,  0x16,  // rdev
           23,   0,    0, 0, 0, 0,  0,  0x17,  // size
           24,   0,    0, 0, 0, 0,  0,  0x18,  // blksize
           25,   0,    0, 0, 0, 0,  0,  0x19,  // blocks
           26,   0,    0, 0, 0, 0,  0,  0x1a,  // atime_sec
           27,   0,    0, 0, 0, 0,  0,  0x1b,  // atime_nsec
           28,   0,    0, 0, 0, 0,  0,  0x1c,  // mtime_sec
           29,   0,    0, 0, 0, 0,  0,  0x1d,  // mtime_nsec
           30,   0,    0, 0, 0, 0,  0,  0x1e,  // ctime_sec
           31,   0,    0, 0, 0, 0,  0,  0x1f,  // ctime_nsec
           32,   0,    0, 0, 0, 0,  0,  0x20,  // btime_sec
           33,   0,    0, 0, 0, 0,  0,  0x21,  // btime_nsec
           34,   0,    0, 0, 0, 0,  0,  0x22,  // gen
           35,   0,    0, 0, 0, 0,  0,  0x23,  // data_version
       });
}

template <>
void golden(Golden<Tsetattr>& is) {
    is(only_linux,
       {Fid{0x14131211}, 0x1ff, 0100600, 0x04030201, 0x08070605, 0x1f0000000000001f, 0x2000000000000020,
        0x2100000000000021, 0x2200000000000022, 0x2300000000000023},
       {
           67,   0,    0,    0,                    // size
           26,                                     // Tsetattr
           0x02, 0x01,                             // tag
           0x11, 0x12, 0x13, 0x14,                 // fid
           0xff, 0x01, 0,    0,                    // valid: mode, uid, gid, size and all of the times
           0x80, 0x81, 0,    0,                    // mode: S_IFREG and 0600
           1,    2,    3,    4,                    // uid
           5,    6,    7,    8,                    // gid
           31,   0,    0,    0,    0, 0, 0, 0x1f,  // size
           32,   0,    0,    0,    0, 0, 0, 0x20,  // atime_sec
           33,   0,    0,    0,    0, 0, 0, 0x21,  // atime_nsec
           34,   0,    0,    0,    0, 0, 0, 0x22,  // mtime_sec
           35,   0,    0,    0,    0, 0, 0, 0x23,  // mtime_nsec
       });
}

template <>
void golden(Golden<Rsetattr>& is) {
    is(only_linux, {},
       {
           7, 0, 0, 0,  // size
           27,          // Rsetattr
           0x02, 0x01,  // tag
       });
}

template <>
void golden(Golden<Txattrwalk>& is) {
    is(only_linux, {Fid{0x14131211}, Fid{0x18171615}, "user.tag"},
       {
           25,   0,    0,    0,                                   // size
           30,                                                    // Txattrwalk
           0x02, 0x01,                                            // tag
           0x11, 0x12, 0x13, 0x14,                                // fid
           0x15, 0x16, 0x17, 0x18,                                // newfid
           8,    0,    'u',  's',  'e', 'r', '.', 't', 'a', 'g',  // name
       });
}

template <>
void golden(Golden<Rxattrwalk>& is) {
    is(only_linux, {0x0807060504030201},
       {
           15, 0, 0, 0,             // size
           31,                      // Rxattrwalk
           0x02, 0x01,              // tag
           1, 2, 3, 4, 5, 6, 7, 8,  // size
       });
}

template <>
void golden(Golden<Txattrcreate>& is) {
    is(only_linux, {Fid{0x14131211}, "user.tag", 0x0807060504030201, 2},
       {
           33,   0,    0,    0,                                   // size
           32,                                                    // Txattrcreate
           0x02, 0x01,                                            // tag
           0x11, 0x12, 0x13, 0x14,                                // fid
           8,    0,    'u',  's',  'e', 'r', '.', 't', 'a', 'g',  // name
           1,    2,    3,    4,    5,   6,   7,   8,              // attr_size
           2,    0,    0,    0,                                   // flags: XATTR_REPLACE
       });
}

template <>
void golden(Golden<Rxattrcreate>& is) {
    is(only_linux, {},
       {
           7, 0, 0, 0,  // size
           33,          // Rxattrcreate
           0x02, 0x01,  // tag
       });
}

}  // namespace p9::test
