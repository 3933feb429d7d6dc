// All commands of p9ctl and their words in --help.
#include "tools/p9ctl/command.hpp"

#include <limits>

namespace p9::tools {
namespace {

constexpr std::size_t any = std::numeric_limits<std::size_t>::max();

constexpr Option json_option{"--json", "", "", "One JSON object a line"};
constexpr Option check_option{"--check", "", "", "Exit with 1 unless every SERVER is healthy"};
constexpr Option width_option{"--width", "-w", "1|2|4|8", "Bytes of a register; 4 if left out"};
constexpr Option newline_option{"--newline", "-n", "", "Send a newline after the text"};

constexpr Option json_only[]{json_option};
constexpr Option report_options[]{json_option, check_option};
constexpr Option new_options[]{
    {"--name", "", "NAME", "Its name beside its number"},
    {"--capability", "", "C", "Give it a capability; may be repeated"},
    {"--mount", "", "PATH", "Where it is to be mounted"},
    {"--start", "", "", "Start it when all is set"},
    json_option,
};
constexpr Option wait_options[]{{"--timeout", "", "SECONDS", "Give up after that, with exit status 4"}};
constexpr Option irq_wait_options[]{
    {"--count", "-n", "COUNT", "End after COUNT interrupts"},
    {"--exec", "", "COMMAND", "Run COMMAND with /bin/sh for each, in order"},
    json_option,
};
constexpr Option mem_read_options[]{
    width_option, {"--count", "-c", "COUNT", "So many registers; 1 if left out"}, json_option};
constexpr Option mem_write_options[]{width_option};
constexpr Option dma_options[]{
    {"--size", "", "N", "Bytes, at most 16M; K and M understood"},
    {"--align", "", "N", "A power of two; 4096 if left out"},
    {"--hold", "", "", "Keep the buffer until the input ends, or Ctrl-C"},
    json_option,
};
constexpr Option text_options[]{newline_option};
constexpr Option batch_options[]{{"--keep-going", "-k", "", "Go on after a command that failed"}, json_option};

constexpr std::string_view types_details = "Example:\n  p9ctl types\n";
constexpr std::string_view list_details =
    "A line for each server: name (number if it has none), type, status. --json\n"
    "prints all that the status file says.\n\n"
    "Example:\n  p9ctl list --json | jq -r 'select(.status==\"failed\").server'\n";
constexpr std::string_view new_details =
    "Prints the new server's number, or its name if it was given one. If any step\n"
    "fails, the half-made server is removed; the message says which step and why.\n"
    "Capabilities: filesystem device ioport interrupt dma network exchange all.\n\n"
    "Examples:\n"
    "  p9ctl new example-driver --name ahci --capability device --start\n"
    "  id=$(p9ctl new example-fileserver)\n";
constexpr std::string_view verb_details =
    "SERVER is a name or a number. Several are told one after the other; one that\n"
    "fails does not stop the rest.\n\n"
    "Examples:\n  p9ctl start ahci\n  p9ctl stop 0 1 ahci\n";
constexpr std::string_view set_details =
    "The words, with a blank between them, are sent to the server's ctl file in one\n"
    "write. SERVER is a name or a number.\n\n"
    "Examples:\n  p9ctl set ahci capability dma\n  p9ctl set 0 'name ahci'\n";
constexpr std::string_view status_details =
    "Several servers are asked side by side; a blank line stands between their\n"
    "records.\n\n"
    "Examples:\n  p9ctl status ahci\n  p9ctl status --check --json 0 1\n";
constexpr std::string_view health_details =
    "The first line is the health word, the others say why. Of several servers each\n"
    "line begins with SERVER and a colon.\n\n"
    "Examples:\n  p9ctl health ahci\n  if p9ctl health --check ahci >/dev/null; then ...\n";
constexpr std::string_view wait_details =
    "STATE is configuring, starting, healthy, degraded, stopped or failed. Looks\n"
    "20 ms after the first time, then ever less often, down to once a second. A\n"
    "server that has failed is an error at once, unless that is what is waited for.\n\n"
    "Example:\n  p9ctl wait ahci healthy --timeout 10\n";
constexpr std::string_view devices_details = "Example:\n  p9ctl devices ahci\n";
constexpr std::string_view irq_details =
    "Examples:\n  p9ctl irq register 11 ahci\n  p9ctl irq unregister 11\n  p9ctl irq list --json\n";
constexpr std::string_view irq_wait_details =
    "Prints \"irq N\" for each interrupt, until Ctrl-C. COMMAND runs before the next\n"
    "interrupt is asked for, with /dev/null as its input; the server queues what\n"
    "comes meanwhile. It finds P9_IRQ (N), P9_IRQ_COUNT (1 for the first),\n"
    "P9_IRQ_EVENT (the server's words), and P9_ADDRESS, P9_ANAME and P9_UNAME, so\n"
    "that p9ctl in it reaches the same server. If it fails, that is reported, waiting\n"
    "goes on, and the exit status is 1 at the end; if sh cannot run it (126, 127),\n"
    "waiting ends. Ctrl-C ends COMMAND too.\n\n"
    "Examples:\n  p9ctl irq wait 11 -n 1\n  p9ctl irq wait 11 --exec 'echo interrupt $P9_IRQ_COUNT'\n";
constexpr std::string_view mem_details =
    "ADDR and VALUE are decimal, or hexadecimal after 0x. Each register is read or\n"
    "written by one message of its width, in order.\n\n"
    "Examples:\n  p9ctl mem read 0xFEDC0000 -c 4\n  p9ctl mem write 0xFEDC0010 0x1 -w 1\n";
constexpr std::string_view io_details =
    "PORT and VALUE are decimal, or hexadecimal after 0x. b, w and l are 1, 2 and 4\n"
    "bytes.\n\n"
    "Examples:\n  p9ctl io inb 0x3F8\n  p9ctl io outb 0x3F8 0x41\n";
constexpr std::string_view dma_details =
    "Prints vaddr:, paddr: and handle:. The buffer lives as long as p9ctl, so without\n"
    "--hold it is gone when the prompt is back; in a batch --hold keeps it until the\n"
    "batch ends.\n\n"
    "Example:\n  p9ctl dma alloc --size 64K --hold\n";
constexpr std::string_view write_details =
    "The TEXTs, with a blank between them and no newline, are sent in exactly one\n"
    "write; what does not fit into one is refused. Words that begin with a dash go\n"
    "after --.\n\n"
    "Examples:\n  p9ctl write /dev/sip/servers/0/ctl name ahci\n  p9ctl write -n /log 'a whole line'\n";
constexpr std::string_view ask_details =
    "Writes as p9ctl write does, then reads one reply on the same fid and prints it.\n\n"
    "Examples:\n  p9ctl ask /dev/io inb 0x3F8\n  p9ctl ask /net/cs 'net!host!9fs'\n";
constexpr std::string_view batch_details =
    "A command a line, as on the command line without p9ctl, quoted as in sh, # for\n"
    "comments. For each command: lines \"out LINE TEXT\" for its output, then \"ok LINE\"\n"
    "or \"error LINE TEXT\"; LINE is the number of its line. --json prints\n"
    "{\"line\",\"output\"} objects, then {\"line\",\"ok\"}, with \"status\" and \"error\" where\n"
    "it failed. Status lines appear at once when no more input is ready. The first\n"
    "failure ends the batch and is its exit status.\n\n"
    "Examples:\n"
    "  printf '%s\\n' 'new example-driver --name d' 'start d' | p9ctl batch\n"
    "  p9ctl batch --keep-going setup.p9\n";

constexpr Command table[]{
    {"types", "", 0, 0, json_only, "The types of servers that can be made", types_details, prepare_types},
    {"list", "", 0, 0, json_only, "The servers, their types and states", list_details, prepare_list},
    {"new", "TYPE", 1, 1, new_options, "Make a server and configure it", new_details, prepare_new},
    {"start", "SERVER...", 1, any, {}, "Start servers", verb_details, prepare_start},
    {"stop", "SERVER...", 1, any, {}, "Stop servers", verb_details, prepare_stop},
    {"restart", "SERVER...", 1, any, {}, "Stop and start servers", verb_details, prepare_restart},
    {"remove", "SERVER...", 1, any, {}, "Remove servers", verb_details, prepare_remove},
    {"set", "SERVER TEXT...", 2, any, {}, "Send a command to a server's ctl file", set_details, prepare_set},
    {"status", "SERVER...", 1, any, report_options, "What servers say of themselves", status_details, prepare_status},
    {"health", "SERVER...", 1, any, report_options, "How servers are, and why", health_details, prepare_health},
    {"wait", "SERVER STATE", 2, 2, wait_options, "Wait until a server is in a state", wait_details, prepare_wait},
    {"devices", "SERVER", 1, 1, json_only, "The devices of a server", devices_details, prepare_devices},
    {"irq register", "N SERVER", 2, 2, {}, "Give interrupt N to a server", irq_details, prepare_irq_register},
    {"irq unregister", "N", 1, 1, {}, "Take interrupt N back", irq_details, prepare_irq_unregister},
    {"irq list", "", 0, 0, json_only, "The registered interrupts", irq_details, prepare_irq_list},
    {"irq wait", "N", 1, 1, irq_wait_options, "Wait for interrupts", irq_wait_details, prepare_irq_wait},
    {"mem read", "ADDR", 1, 1, mem_read_options, "Read device registers", mem_details, prepare_mem_read},
    {"mem write", "ADDR VALUE", 2, 2, mem_write_options, "Write a device register", mem_details, prepare_mem_write},
    {"io inb", "PORT", 1, 1, json_only, "Read a port; inw, inl likewise", io_details, prepare_io_inb},
    {"io inw", "PORT", 1, 1, json_only, "", io_details, prepare_io_inw},
    {"io inl", "PORT", 1, 1, json_only, "", io_details, prepare_io_inl},
    {"io outb", "PORT VALUE", 2, 2, {}, "Write a port; outw, outl likewise", io_details, prepare_io_outb},
    {"io outw", "PORT VALUE", 2, 2, {}, "", io_details, prepare_io_outw},
    {"io outl", "PORT VALUE", 2, 2, {}, "", io_details, prepare_io_outl},
    {"dma alloc", "--size N", 0, 0, dma_options, "Allocate a DMA buffer", dma_details, prepare_dma_alloc},
    {"write", "PATH TEXT...", 2, any, text_options, "Write to any ctl file, in one write", write_details,
     prepare_write},
    {"ask", "PATH TEXT...", 2, any, text_options, "Write to any ctl file, and print the reply", ask_details,
     prepare_ask},
    {"batch", "[FILE]", 0, 1, batch_options, "Many commands over one connection", batch_details, prepare_batch},
};

}  // namespace

std::span<const Command> commands() { return table; }

}  // namespace p9::tools
