// version(5), attach(5), flush(5), error(5).
#include "unit/golden.hpp"

namespace p9::test {

template <>
void golden(Golden<Tversion>& is) {
    is(everywhere, {0x20000, "9P2000.L"},
       {
           21,   0,    0,   0,                                  // size
           100,                                                 // Tversion
           0xff, 0xff,                                          // tag: NOTAG
           0,    0,    2,   0,                                  // msize
           8,    0,    '9', 'P', '2', '0', '0', '0', '.', 'L',  // version
       });
}

template <>
void golden(Golden<Rversion>& is) {
    is(everywhere, {8216, "9P2000"},
       {
           19,   0,    0,   0,                        // size
           101,                                       // Rversion
           0xff, 0xff,                                // tag: NOTAG
           0x18, 0x20, 0,   0,                        // msize
           6,    0,    '9', 'P', '2', '0', '0', '0',  // version
       });
}

template <>
void golden(Golden<Tauth>& is) {
    is(only_base, {Fid{0x14131211}, "glenda", "/usr", NONUNAME},
       {
           25,   0,    0,    0,                         // size
           102,                                         // Tauth
           0x02, 0x01,                                  // tag
           0x11, 0x12, 0x13, 0x14,                      // afid
           6,    0,    'g',  'l',  'e', 'n', 'd', 'a',  // uname
           4,    0,    '/',  'u',  's', 'r',            // aname
       });
    is(unix_and_linux, {Fid{0x14131211}, "glenda", "/usr", 1000},
       {
           29,   0,    0,    0,                         // size
           102,                                         // Tauth
           0x02, 0x01,                                  // tag
           0x11, 0x12, 0x13, 0x14,                      // afid
           6,    0,    'g',  'l',  'e', 'n', 'd', 'a',  // uname
           4,    0,    '/',  'u',  's', 'r',            // aname
           0xe8, 0x03, 0,    0,                         // n_uname
       });
}

template <>
void golden(Golden<Rauth>& is) {
    is(everywhere, {Qid{QTAUTH, 0x04030201, 0x0c0b0a0908070605}},
       {
           20,   0,    0, 0,                 // size
           103,                              // Rauth
           0x02, 0x01,                       // tag
           0x08,                             // aqid.type: QTAUTH
           1,    2,    3, 4,                 // aqid.version
           5,    6,    7, 8, 9, 10, 11, 12,  // aqid.path
       });
}

template <>
void golden(Golden<Tattach>& is) {
    is(only_base, {Fid{0x14131211}, NOFID, "glenda", "", NONUNAME},
       {
           25,   0,    0,    0,                         // size
           104,                                         // Tattach
           0x02, 0x01,                                  // tag
           0x11, 0x12, 0x13, 0x14,                      // fid
           0xff, 0xff, 0xff, 0xff,                      // afid: NOFID
           6,    0,    'g',  'l',  'e', 'n', 'd', 'a',  // uname
           0,    0,                                     // aname
       });
    is(unix_and_linux, {Fid{0x14131211}, Fid{0x18171615}, "", "/srv", NONUNAME},
       {
           27,   0,    0,    0,               // size
           104,                               // Tattach
           0x02, 0x01,                        // tag
           0x11, 0x12, 0x13, 0x14,            // fid
           0x15, 0x16, 0x17, 0x18,            // afid
           0,    0,                           // uname
           4,    0,    '/',  's',  'r', 'v',  // aname
           0xff, 0xff, 0xff, 0xff,            // n_uname: NONUNAME
       });
}

template <>
void golden(Golden<Rattach>& is) {
    is(everywhere, {some_qid},
       {
           20,   0,    0, 0,                 // size
           105,                              // Rattach
           0x02, 0x01,                       // tag
           0x80,                             // qid.type: QTDIR
           1,    2,    3, 4,                 // qid.version
           5,    6,    7, 8, 9, 10, 11, 12,  // qid.path
       });
}

template <>
void golden(Golden<Tflush>& is) {
    is(everywhere, {Tag{0x0605}},
       {
           9, 0, 0, 0,  // size
           108,         // Tflush
           0x02, 0x01,  // tag
           0x05, 0x06,  // oldtag
       });
}

template <>
void golden(Golden<Rflush>& is) {
    is(everywhere, {},
       {
           7, 0, 0, 0,  // size
           109,         // Rflush
           0x02, 0x01,  // tag
       });
}

template <>
void golden(Golden<Rerror>& is) {
    is(only_base, {"no file \u00fc", 0},
       {
           19,   0,    0,   0,                                              // size
           107,                                                             // Rerror
           0x02, 0x01,                                                      // tag
           10,   0,    'n', 'o', ' ', 'f', 'i', 'l', 'e', ' ', 0xc3, 0xbc,  // ename, its length in bytes
       });
    is(only_unix, {"denied", 0x0000010d},
       {
           19,   0,    0,   0,                        // size
           107,                                       // Rerror
           0x02, 0x01,                                // tag
           6,    0,    'd', 'e', 'n', 'i', 'e', 'd',  // ename
           0x0d, 0x01, 0,   0,                        // errno
       });
}

template <>
void golden(Golden<Rlerror>& is) {
    is(only_linux, {0x04030201},
       {
           11, 0, 0, 0,  // size
           7,            // Rlerror
           0x02, 0x01,   // tag
           1, 2, 3, 4,   // ecode
       });
}

}  // namespace p9::test
