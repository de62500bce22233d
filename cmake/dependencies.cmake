# Outside libraries, each used by one folder only; see the table in docs/architecture.md.
find_package(PkgConfig REQUIRED)
pkg_check_modules(lua REQUIRED IMPORTED_TARGET lua5.4)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
find_package(wslay REQUIRED CONFIG) # it comes with no .pc file
pkg_check_modules(cjson REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(expat REQUIRED IMPORTED_TARGET expat)
pkg_check_modules(cbor REQUIRED IMPORTED_TARGET libcbor)
pkg_check_modules(crypto REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(microhttpd REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
if(GW_TESTS)
    pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
endif()
# The build's own scripts (host/models/tool.lua, cmake/embed.lua) run under the stock interpreter.
find_program(LUA_PROGRAM NAMES lua5.4 REQUIRED)
