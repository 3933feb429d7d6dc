// Runs one coroutine to its end and returns what it returns.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace p9::test {

/// Runs `io` until `task` is done; what else runs there stays under way. Throws what the task throws, and
/// std::logic_error if the task waits for something that cannot come.
template <class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> task) {
    using Value = std::conditional_t<std::is_void_v<T>, bool, T>;
    bool done = false;
    std::exception_ptr thrown;
    std::optional<Value> value;
    if constexpr (std::is_void_v<T>) {
        boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr e) {
            thrown = e;
            done = true;
        });
    } else {
        boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr e, T result) {
            thrown = e;
            if (!e) value.emplace(std::move(result));
            done = true;
        });
    }
    io.restart();
    while (!done) {
        if (io.run_one() == 0) throw std::logic_error("run: the task waits, and nothing is left that could wake it");
    }
    if (thrown) std::rethrow_exception(thrown);
    if constexpr (!std::is_void_v<T>) return std::move(*value);
}

/// The same with an io_context of its own, which ends before this returns: the result must not need it (a transport
/// does).
template <class T>
T run(boost::asio::awaitable<T> task) {
    boost::asio::io_context io(1);
    return run(io, std::move(task));
}

}  // namespace p9::test
