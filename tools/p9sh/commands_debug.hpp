// The table of those commands of p9sh that are not about files: control files, the conversation, and the shell itself.
//
// A part of commands.cpp. Constants.
#pragma once

#include "tools/p9sh/command.hpp"

namespace p9::tools {

/// In the order of their names.
inline constexpr Command debug_commands[] = {
    {"ask",
     "[-l] PATH TEXT...",
     "+l",
     {2, ANY_NUMBER},
     Operand::path_then_text,
     true,
     "one write to a control file, and its answer",
     "Sends the words with a blank between them in exactly one Twrite and reads the answer\n"
     "on the same fid. -l ends the text with a newline.",
     run_ask},
    {"ctl",
     "[-l] PATH TEXT...",
     "+l",
     {2, ANY_NUMBER},
     Operand::path_then_text,
     true,
     "one write to a control file",
     "Sends the words with a blank between them in exactly one Twrite; what does not fit\n"
     "into one is refused. -l ends the text with a newline.",
     run_ctl},
    {"echo",
     "[TEXT...]",
     "*",
     {0, ANY_NUMBER},
     Operand::none,
     false,
     "words to the output",
     "As everywhere > writes a file of this machine; `write` writes one of the server.",
     run_echo},
    {"exit", "[STATUS]", "", {0, 1}, Operand::none, false, "ends p9sh", "Ctrl-D does the same.", run_exit, check_exit},
    {"fids",
     "",
     "",
     {0, 0},
     Operand::none,
     false,
     "fids that the server knows, with their paths",
     "A line each: number, qid (type version path), path, and how it is open. The fids of\n"
     "raw's conversation follow.",
     run_fids},
    {"help",
     "[COMMAND]",
     "",
     {0, 1},
     Operand::command,
     false,
     "lists the commands, or explains one",
     "",
     run_help,
     check_help},
    {"lcd",
     "[DIRECTORY]",
     "",
     {0, 1},
     Operand::local_directory,
     false,
     "changes the directory on this machine",
     "Without a directory to your home.",
     run_lcd},
    {"lpwd", "", "", {0, 0}, Operand::none, false, "prints the directory on this machine", "", run_lpwd},
    {"ping",
     "[-c COUNT] [-i SECONDS]",
     "c#i%",
     {0, 0},
     Operand::none,
     true,
     "the time that the server takes to answer",
     "Asks for the attributes of the root, once a second or as -i says, until Ctrl-C or\n"
     "COUNT times.",
     run_ping},
    {"raw",
     "[-xnc] [-t SECONDS] [MESSAGE [FIELD=VALUE...]]",
     "xnct%",
     {0, ANY_NUMBER},
     Operand::message,
     false,
     "sends a message made by hand",
     "  raw Tattach fid=1\n"
     "  raw Twalk fid=1 newfid=9 names=usr,bin\n"
     "  raw Twrite fid=9 offset=0 data='stop'      data.hex=73746f70 does the same\n"
     "  raw Twstat fid=9 stat.name=new             what is not named stays as it is\n"
     "  raw Tread tag=7 fid=9 count=100 size=22    tag and size may be wrong\n"
     "  raw type=99 bytes=0a0b                     no message that anybody knows\n"
     "Any message of any dialect; TAB shows the fields. It goes over a connection of its own\n"
     "with its own fids, opened by the first raw with a Tversion unless that is one itself,\n"
     "and closed by raw -c. more=HEX adds bytes behind the fields, bytes=HEX stands in their\n"
     "place, dialect=NAME encodes as in another dialect. -x prints bytes, too; -n waits for\n"
     "no answer, else raw waits for 5 seconds or as -t says. Without a message it prints what\n"
     "came late. A refusal ends with status 1.",
     run_raw,
     check_raw},
    {"reconnect",
     "",
     "",
     {0, 0},
     Operand::none,
     false,
     "connects anew",
     "p9sh never does so by itself, because fids and locks of the old connection are gone.",
     run_reconnect},
    {"tags",
     "",
     "",
     {0, 0},
     Operand::none,
     false,
     "requests that the server has not answered",
     "A line each: how long ago, and the request; then those of raw's conversation.",
     run_tags},
    {"trace",
     "[on [FILE] | off]",
     "",
     {0, 2},
     Operand::on_off,
     false,
     "prints each message",
     "To standard error, or to FILE, made anew.",
     run_trace,
     check_trace},
    {"watch",
     "[-n SECONDS] [-c COUNT] COMMAND...",
     "+n%c#",
     {1, ANY_NUMBER},
     Operand::command,
     false,
     "a command again and again",
     "Every 2 seconds or as -n says, until Ctrl-C or COUNT times.",
     run_watch,
     check_watch},
};

}  // namespace p9::tools
