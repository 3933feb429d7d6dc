// Where the fids of a request stand, so that they can be replaced in its bytes.
//
// Free functions without state. What follows the last fid of a message is not looked at: it is the server's to judge.
#pragma once

#include "p9/wire.hpp"

#include <boost/container/static_vector.hpp>

#include <optional>
#include <span>

namespace p9::proxy {

/// One fid in a request.
struct FidField {
    std::size_t at = 0;     ///< in bytes from the beginning of the frame
    Fid fid = NOFID;        ///< what stands there
    bool made = false;      ///< the request makes it
    bool optional = false;  ///< NOFID stands for none
};
using FidFields = boost::container::static_vector<FidField, 3>;

/// What is to be known of a request before it is passed on.
enum class Readable : u8 {
    yes,
    no_request,  ///< nothing that this dialect has
    too_short,   ///< a fid is missing
};

/// Finds the fids of `frame`, in their order.
Readable find_fids(Bytes frame, Dialect dialect, FidFields& fids);

/// The number of names of a whole Twalk; 0 if it is cut off before.
u16 names_of_walk(Bytes frame);
/// The number of qids of an Rwalk; nothing if it is cut off before.
std::optional<u16> qids_of_walk(Bytes frame);

void put_fid(std::span<u8> frame, std::size_t at, Fid fid);
void put_tag(std::span<u8> frame, Tag tag);
/// Lowers the count of a Tread or Treaddir to `most` bytes.
void bound_count(std::span<u8> frame, u32 most);

}  // namespace p9::proxy
