// 9P2000.L: file systems, opening, making and naming files.
#include "unit/golden.hpp"

namespace p9::test {

template <>
void golden(Golden<Tstatfs>& is) {
    is(only_linux, {Fid{0x14131211}},
       {
           11, 0, 0, 0,             // size
           8,                       // Tstatfs
           0x02, 0x01,              // tag
           0x11, 0x12, 0x13, 0x14,  // fid
       });
}

template <>
void golden(Golden<Rstatfs>& is) {
    is(only_linux, {0x01021997, 4096, 0x11, 0x22, 0x33, 0x44, 0x55, 0x0807060504030201, 255},
       {
           67,   0,    0,    0,                 // size
           9,                                   // Rstatfs
           0x02, 0x01,                          // tag
           0x97, 0x19, 0x02, 0x01,              // type: V9FS_MAGIC
           0,    0x10, 0,    0,                 // bsize
           0x11, 0,    0,    0,    0, 0, 0, 0,  // blocks
           0x22, 0,    0,    0,    0, 0, 0, 0,  // bfree
           0x33, 0,    0,    0,    0, 0, 0, 0,  // bavail
           0x44, 0,    0,    0,    0, 0, 0, 0,  // files
           0x55, 0,    0,    0,    0, 0, 0, 0,  // ffree
           1,    2,    3,    4,    5, 6, 7, 8,  // fsid
           255,  0,    0,    0,                 // namelen
       });
}

template <>
void golden(Golden<Tlopen>& is) {
    is(only_linux, {Fid{0x14131211}, 02001},
       {
           15, 0, 0, 0,             // size
           12,                      // Tlopen
           0x02, 0x01,              // tag
           0x11, 0x12, 0x13, 0x14,  // fid
           0x01, 0x04, 0, 0,        // flags: O_WRONLY and O_APPEND of Linux
       });
}

template <>
void golden(Golden<Rlopen>& is) {
    is(only_linux, {some_qid, 0x100000},
       {
           24,   0,    0,    0,                 // size
           13,                                  // Rlopen
           0x02, 0x01,                          // tag
           0x80,                                // qid.type
           1,    2,    3,    4,                 // qid.version
           5,    6,    7,    8, 9, 10, 11, 12,  // qid.path
           0,    0,    0x10, 0,                 // iounit
       });
}

template <>
void golden(Golden<Tlcreate>& is) {
    is(only_linux, {Fid{0x14131211}, "new", 0302, 0100644, 1000},
       {
           28,   0,    0,    0,          // size
           14,                           // Tlcreate
           0x02, 0x01,                   // tag
           0x11, 0x12, 0x13, 0x14,       // fid
           3,    0,    'n',  'e',  'w',  // name
           0xc2, 0,    0,    0,          // flags: O_RDWR, O_CREAT and O_EXCL of Linux
           0xa4, 0x81, 0,    0,          // mode: S_IFREG and 0644
           0xe8, 0x03, 0,    0,          // gid
       });
}

template <>
void golden(Golden<Rlcreate>& is) {
    is(only_linux, {some_qid, 0x100000},
       {
           24,   0,    0,    0,                 // size
           15,                                  // Rlcreate
           0x02, 0x01,                          // tag
           0x80,                                // qid.type
           1,    2,    3,    4,                 // qid.version
           5,    6,    7,    8, 9, 10, 11, 12,  // qid.path
           0,    0,    0x10, 0,                 // iounit
       });
}

template <>
void golden(Golden<Tsymlink>& is) {
    is(only_linux, {Fid{0x14131211}, "ln", "../a", 1000},
       {
           25,   0,    0,    0,               // size
           16,                                // Tsymlink
           0x02, 0x01,                        // tag
           0x11, 0x12, 0x13, 0x14,            // fid
           2,    0,    'l',  'n',             // name
           4,    0,    '.',  '.',  '/', 'a',  // symtgt
           0xe8, 0x03, 0,    0,               // gid
       });
}

template <>
void golden(Golden<Rsymlink>& is) {
    is(only_linux, {some_qid},
       {
           20,   0,    0, 0,                 // size
           17,                               // Rsymlink
           0x02, 0x01,                       // tag
           0x80,                             // qid.type
           1,    2,    3, 4,                 // qid.version
           5,    6,    7, 8, 9, 10, 11, 12,  // qid.path
       });
}

template <>
void golden(Golden<Tmknod>& is) {
    is(only_linux, {Fid{0x14131211}, "tty", 0020620, 0x04030201, 0x08070605, NONUNAME},
       {
           32,   0,    0,    0,          // size
           18,                           // Tmknod
           0x02, 0x01,                   // tag
           0x11, 0x12, 0x13, 0x14,       // dfid
           3,    0,    't',  't',  'y',  // name
           0x90, 0x21, 0,    0,          // mode: S_IFCHR and 0620
           1,    2,    3,    4,          // major
           5,    6,    7,    8,          // minor
           0xff, 0xff, 0xff, 0xff,       // gid
       });
}

template <>
void golden(Golden<Rmknod>& is) {
    is(only_linux, {some_qid},
       {
           20,   0,    0, 0,                 // size
           19,                               // Rmknod
           0x02, 0x01,                       // tag
           0x80,                             // qid.type
           1,    2,    3, 4,                 // qid.version
           5,    6,    7, 8, 9, 10, 11, 12,  // qid.path
       });
}

template <>
void golden(Golden<Trename>& is) {
    is(only_linux, {Fid{0x14131211}, Fid{0x18171615}, "b"},
       {
           18, 0, 0, 0,             // size
           20,                      // Trename
           0x02, 0x01,              // tag
           0x11, 0x12, 0x13, 0x14,  // fid
           0x15, 0x16, 0x17, 0x18,  // dfid
           1, 0, 'b',               // name
       });
}

template <>
void golden(Golden<Rrename>& is) {
    is(only_linux, {},
       {
           7, 0, 0, 0,  // size
           21,          // Rrename
           0x02, 0x01,  // tag
       });
}

template <>
void golden(Golden<Treadlink>& is) {
    is(only_linux, {Fid{0x14131211}},
       {
           11, 0, 0, 0,             // size
           22,                      // Treadlink
           0x02, 0x01,              // tag
           0x11, 0x12, 0x13, 0x14,  // fid
       });
}

template <>
void golden(Golden<Rreadlink>& is) {
    is(only_linux, {"../a"},
       {
           13, 0, 0, 0,               // size
           23,                        // Rreadlink
           0x02, 0x01,                // tag
           4, 0, '.', '.', '/', 'a',  // target
       });
}

}  // namespace p9::test
