// Asio's functions are compiled here, once (BOOST_ASIO_SEPARATE_COMPILATION), not in every file that uses it.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
