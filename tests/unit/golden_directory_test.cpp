// 9P2000.L: directories, fsync and locks.
#include "unit/golden.hpp"

#include <array>

namespace p9::test {

template <>
void golden(Golden<Treaddir>& is) {
    is(only_linux, {Fid{0x14131211}, 0x0807060504030201, 0x0c0b0a09},
       {
           23,   0,    0,    0,                 // size
           40,                                  // Treaddir
           0x02, 0x01,                          // tag
           0x11, 0x12, 0x13, 0x14,              // fid
           1,    2,    3,    4,    5, 6, 7, 8,  // offset
           9,    10,   11,   12,                // count
       });
}

template <>
void golden(Golden<Rreaddir>& is) {
    const std::array<u8, 28> entry{
        0x80,                                 // qid.type
        1,    2, 3,   4,                      // qid.version
        5,    6, 7,   8,   9,   10,  11, 12,  // qid.path
        1,    2, 3,   4,   5,   6,   7,  8,   // offset of the next entry
        4,                                    // type: DT_DIR
        4,    0, 'h', 'o', 'm', 'e',          // name
    };
    is(only_linux, {Bytes(entry)},
       {
           39,   0,    0,   0,                      // size
           41,                                      // Rreaddir
           0x02, 0x01,                              // tag
           28,   0,    0,   0,                      // count
           0x80,                                    // qid.type
           1,    2,    3,   4,                      // qid.version
           5,    6,    7,   8,   9,   10,  11, 12,  // qid.path
           1,    2,    3,   4,   5,   6,   7,  8,   // offset
           4,                                       // type
           4,    0,    'h', 'o', 'm', 'e',          // name
       });
    std::vector<Dirent> entries;
    EXPECT_TRUE(decode_each<Dirent>(entry, Dialect::linux_, [&](Dirent each) {
        entries.push_back(std::move(each));
        return true;
    }));
    EXPECT_EQ(entries, (std::vector<Dirent>{{some_qid, 0x0807060504030201, 4, "home"}}));
}

template <>
void golden(Golden<Tfsync>& is) {
    is(only_linux, {Fid{0x14131211}, {1}},
       {
           15, 0, 0, 0,             // size
           50,                      // Tfsync
           0x02, 0x01,              // tag
           0x11, 0x12, 0x13, 0x14,  // fid
           1, 0, 0, 0,              // datasync
       });
    is(only_linux, {Fid{0x14131211}, {}},
       {
           11, 0, 0, 0,             // size
           50,                      // Tfsync, the older form
           0x02, 0x01,              // tag
           0x11, 0x12, 0x13, 0x14,  // fid
       });
}

template <>
void golden(Golden<Rfsync>& is) {
    is(only_linux, {},
       {
           7, 0, 0, 0,  // size
           51,          // Rfsync
           0x02, 0x01,  // tag
       });
}

template <>
void golden(Golden<Tlock>& is) {
    is(only_linux, {Fid{0x14131211}, 1, 3, 0x0807060504030201, 0x100000000000000f, 0x0c0b0a09, "host"},
       {
           42,   0,    0,    0,                        // size
           52,                                         // Tlock
           0x02, 0x01,                                 // tag
           0x11, 0x12, 0x13, 0x14,                     // fid
           1,                                          // type: write
           3,    0,    0,    0,                        // flags: BLOCK and RECLAIM
           1,    2,    3,    4,    5,   6,   7, 8,     // start
           0x0f, 0,    0,    0,    0,   0,   0, 0x10,  // length
           9,    10,   11,   12,                       // proc_id
           4,    0,    'h',  'o',  's', 't',           // client_id
       });
}

template <>
void golden(Golden<Rlock>& is) {
    is(only_linux, {1},
       {
           8, 0, 0, 0,  // size
           53,          // Rlock
           0x02, 0x01,  // tag
           1,           // status: blocked
       });
}

template <>
void golden(Golden<Tgetlock>& is) {
    is(only_linux, {Fid{0x14131211}, 0, 0x0807060504030201, 0x100000000000000f, 0x0c0b0a09, "host"},
       {
           38,   0,    0,    0,                        // size
           54,                                         // Tgetlock
           0x02, 0x01,                                 // tag
           0x11, 0x12, 0x13, 0x14,                     // fid
           0,                                          // type: read
           1,    2,    3,    4,    5,   6,   7, 8,     // start
           0x0f, 0,    0,    0,    0,   0,   0, 0x10,  // length
           9,    10,   11,   12,                       // proc_id
           4,    0,    'h',  'o',  's', 't',           // client_id
       });
}

template <>
void golden(Golden<Rgetlock>& is) {
    is(only_linux, {2, 0x0807060504030201, 0x100000000000000f, 0x0c0b0a09, "host"},
       {
           34,   0,    0,   0,                       // size
           55,                                       // Rgetlock
           0x02, 0x01,                               // tag
           2,                                        // type: unlocked
           1,    2,    3,   4,   5,   6,   7, 8,     // start
           0x0f, 0,    0,   0,   0,   0,   0, 0x10,  // length
           9,    10,   11,  12,                      // proc_id
           4,    0,    'h', 'o', 's', 't',           // client_id
       });
}

template <>
void golden(Golden<Tlink>& is) {
    is(only_linux, {Fid{0x14131211}, Fid{0x18171615}, "hard"},
       {
           21,   0,    0,    0,               // size
           70,                                // Tlink
           0x02, 0x01,                        // tag
           0x11, 0x12, 0x13, 0x14,            // dfid
           0x15, 0x16, 0x17, 0x18,            // fid
           4,    0,    'h',  'a',  'r', 'd',  // name
       });
}

template <>
void golden(Golden<Rlink>& is) {
    is(only_linux, {},
       {
           7, 0, 0, 0,  // size
           71,          // Rlink
           0x02, 0x01,  // tag
       });
}

template <>
void golden(Golden<Tmkdir>& is) {
    is(only_linux, {Fid{0x14131211}, "sub", 01777, 1000},
       {
           24,   0,    0,    0,          // size
           72,                           // Tmkdir
           0x02, 0x01,                   // tag
           0x11, 0x12, 0x13, 0x14,       // dfid
           3,    0,    's',  'u',  'b',  // name
           0xff, 0x03, 0,    0,          // mode: sticky and 0777
           0xe8, 0x03, 0,    0,          // gid
       });
}

template <>
void golden(Golden<Rmkdir>& is) {
    is(only_linux, {some_qid},
       {
           20,   0,    0, 0,                 // size
           73,                               // Rmkdir
           0x02, 0x01,                       // tag
           0x80,                             // qid.type
           1,    2,    3, 4,                 // qid.version
           5,    6,    7, 8, 9, 10, 11, 12,  // qid.path
       });
}

template <>
void golden(Golden<Trenameat>& is) {
    is(only_linux, {Fid{0x14131211}, "old", Fid{0x18171615}, "new"},
       {
           25,   0,    0,    0,          // size
           74,                           // Trenameat
           0x02, 0x01,                   // tag
           0x11, 0x12, 0x13, 0x14,       // olddirfid
           3,    0,    'o',  'l',  'd',  // oldname
           0x15, 0x16, 0x17, 0x18,       // newdirfid
           3,    0,    'n',  'e',  'w',  // newname
       });
}

template <>
void golden(Golden<Rrenameat>& is) {
    is(only_linux, {},
       {
           7, 0, 0, 0,  // size
           75,          // Rrenameat
           0x02, 0x01,  // tag
       });
}

template <>
void golden(Golden<Tunlinkat>& is) {
    is(only_linux, {Fid{0x14131211}, "sub", 0x200},
       {
           20,   0,    0,    0,          // size
           76,                           // Tunlinkat
           0x02, 0x01,                   // tag
           0x11, 0x12, 0x13, 0x14,       // dirfid
           3,    0,    's',  'u',  'b',  // name
           0,    0x02, 0,    0,          // flags: a directory
       });
}

template <>
void golden(Golden<Runlinkat>& is) {
    is(only_linux, {},
       {
           7, 0, 0, 0,  // size
           77,          // Runlinkat
           0x02, 0x01,  // tag
       });
}

}  // namespace p9::test
