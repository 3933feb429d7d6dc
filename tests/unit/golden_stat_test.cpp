// stat(5) and its longer form in 9P2000.u.
#include "unit/golden.hpp"

namespace p9::test {
namespace {

Stat passwd() {
    Stat stat;
    stat.type = 0x0201;
    stat.dev = 0x06050403;
    stat.qid = some_qid;
    stat.mode = 0x800001ed;
    stat.atime = 0x5e0be100;
    stat.mtime = 0x5e0be101;
    stat.length = 0x0807060504030201;
    stat.name = "passwd";
    stat.uid = "root";
    stat.gid = "wheel";
    return stat;
}

Stat passwd_unix() {
    Stat stat = passwd();
    stat.extension = "tgt";
    stat.n_uid = 0;
    stat.n_gid = 1000;
    stat.n_muid = NONUNAME;
    return stat;
}

}  // namespace

template <>
void golden(Golden<Tstat>& is) {
    is(before_linux, {Fid{0x14131211}},
       {
           11, 0, 0, 0,             // size
           124,                     // Tstat
           0x02, 0x01,              // tag
           0x11, 0x12, 0x13, 0x14,  // fid
       });
}

template <>
void golden(Golden<Rstat>& is) {
    is(only_base, {{passwd()}},
       {
           73,   0,    0,    0,                         // size
           125,                                         // Rstat
           0x02, 0x01,                                  // tag
           64,   0,                                     // nstat
           62,   0,                                     // stat.size, without itself
           1,    2,                                     // type
           3,    4,    5,    6,                         // dev
           0x80,                                        // qid.type
           1,    2,    3,    4,                         // qid.version
           5,    6,    7,    8,    9,   10,  11,  12,   // qid.path
           0xed, 0x01, 0,    0x80,                      // mode
           0x00, 0xe1, 0x0b, 0x5e,                      // atime
           0x01, 0xe1, 0x0b, 0x5e,                      // mtime
           1,    2,    3,    4,    5,   6,   7,   8,    // length
           6,    0,    'p',  'a',  's', 's', 'w', 'd',  // name
           4,    0,    'r',  'o',  'o', 't',            // uid
           5,    0,    'w',  'h',  'e', 'e', 'l',       // gid
           0,    0,                                     // muid
       });
    is(only_unix, {{passwd_unix()}},
       {
           90,   0,    0,    0,                         // size
           125,                                         // Rstat
           0x02, 0x01,                                  // tag
           81,   0,                                     // nstat
           79,   0,                                     // stat.size, without itself
           1,    2,                                     // type
           3,    4,    5,    6,                         // dev
           0x80,                                        // qid.type
           1,    2,    3,    4,                         // qid.version
           5,    6,    7,    8,    9,   10,  11,  12,   // qid.path
           0xed, 0x01, 0,    0x80,                      // mode
           0x00, 0xe1, 0x0b, 0x5e,                      // atime
           0x01, 0xe1, 0x0b, 0x5e,                      // mtime
           1,    2,    3,    4,    5,   6,   7,   8,    // length
           6,    0,    'p',  'a',  's', 's', 'w', 'd',  // name
           4,    0,    'r',  'o',  'o', 't',            // uid
           5,    0,    'w',  'h',  'e', 'e', 'l',       // gid
           0,    0,                                     // muid
           3,    0,    't',  'g',  't',                 // extension
           0,    0,    0,    0,                         // n_uid
           0xe8, 0x03, 0,    0,                         // n_gid
           0xff, 0xff, 0xff, 0xff,                      // n_muid
       });
}

template <>
void golden(Golden<Twstat>& is) {
    Stat rename = unchanged_stat();
    rename.name = "new";
    is(only_base, {Fid{0x14131211}, {rename}},
       {
           65,   0,    0,    0,                             // size
           126,                                             // Twstat
           0x02, 0x01,                                      // tag
           0x11, 0x12, 0x13, 0x14,                          // fid
           52,   0,                                         // nstat
           50,   0,                                         // stat.size, without itself
           0xff, 0xff,                                      // type: all ones leave it as it is
           0xff, 0xff, 0xff, 0xff,                          // dev
           0xff,                                            // qid.type
           0xff, 0xff, 0xff, 0xff,                          // qid.version
           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  // qid.path
           0xff, 0xff, 0xff, 0xff,                          // mode
           0xff, 0xff, 0xff, 0xff,                          // atime
           0xff, 0xff, 0xff, 0xff,                          // mtime
           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  // length
           3,    0,    'n',  'e',  'w',                     // name
           0,    0,                                         // uid
           0,    0,                                         // gid
           0,    0,                                         // muid
       });
    is(only_unix, {Fid{0x14131211}, {rename}},
       {
           79,   0,    0,    0,                             // size
           126,                                             // Twstat
           0x02, 0x01,                                      // tag
           0x11, 0x12, 0x13, 0x14,                          // fid
           66,   0,                                         // nstat
           64,   0,                                         // stat.size, without itself
           0xff, 0xff,                                      // type
           0xff, 0xff, 0xff, 0xff,                          // dev
           0xff,                                            // qid.type
           0xff, 0xff, 0xff, 0xff,                          // qid.version
           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  // qid.path
           0xff, 0xff, 0xff, 0xff,                          // mode
           0xff, 0xff, 0xff, 0xff,                          // atime
           0xff, 0xff, 0xff, 0xff,                          // mtime
           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  // length
           3,    0,    'n',  'e',  'w',                     // name
           0,    0,                                         // uid
           0,    0,                                         // gid
           0,    0,                                         // muid
           0,    0,                                         // extension
           0xff, 0xff, 0xff, 0xff,                          // n_uid
           0xff, 0xff, 0xff, 0xff,                          // n_gid
           0xff, 0xff, 0xff, 0xff,                          // n_muid
       });
}

template <>
void golden(Golden<Rwstat>& is) {
    is(before_linux, {},
       {
           7, 0, 0, 0,  // size
           127,         // Rwstat
           0x02, 0x01,  // tag
       });
}

}  // namespace p9::test
