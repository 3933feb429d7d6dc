// The steps of p9doctor: from an address to a tree that can be read, and what a mount needs of this machine.
//
// Each step is a function that returns what it found. A server is asked for nothing that would change it.
#pragma once

#include "p9/client.hpp"
#include "tools/options.hpp"
#include "tools/p9doctor/report.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p9::doctor {

/// What the address says, and what its host or path stands for.
Found look_at_address(const Address& address);

/// Whether anything can be dialled.
awaitable<Found> try_to_connect(const tools::CommonOptions& options);

/// Which program begins a conversation with `bytes`, and what to do then; nothing if nobody knows.
std::optional<Found> recognised(std::string_view bytes);
/// What is behind a TCP or Unix address that answered no Tversion: the first bytes that it sends, by itself or
/// after a Tversion. Nothing if it sends none, or for other addresses.
awaitable<std::optional<Found>> look_at_banner(const Address& address);

/// The outcome of the version exchanges.
struct Versions {
    std::vector<Found> found;
    std::vector<Dialect> spoken;  ///< those that worked
};
/// Tries each dialect on a connection of its own, or all on one where there can be but one.
awaitable<Versions> try_versions(const tools::CommonOptions& options);

/// The outcome of the attaches; `client` is usable if the tree that was asked for could be attached.
struct Attached {
    std::vector<Found> found;
    Client client;
};
/// Attaches with the name that was given, and without one.
awaitable<Attached> try_to_attach(const tools::CommonOptions& options, std::vector<Dialect> dialects);

/// A listing of the root, and the first bytes of one of its files, whose name `file` then is.
awaitable<Found> try_to_list(const Client& client, std::vector<std::string>& files);
awaitable<Found> try_to_read(const Client& client, const std::vector<std::string>& files, std::string& file);
/// Extended attributes and locks.
awaitable<Found> try_abilities(const Client& client, std::string file);

/// Where a mount's needs are looked for.
struct MountPlaces {
    std::string device = "/dev/fuse";
    std::string configuration = "/etc/fuse.conf";
    std::string path;  ///< folders of programs, separated by colons
};
std::vector<Found> look_at_mount(const MountPlaces& places);

/// All steps, in order.
awaitable<void> examine(const tools::CommonOptions& options, bool with_mount, Report& report);

/// What may help where a server that has answered before says nothing.
inline constexpr std::string_view ADVICE_ON_SILENCE =
    "the server hangs: look into its own log. p9doctor --trace shows what it was asked last";

}  // namespace p9::doctor
