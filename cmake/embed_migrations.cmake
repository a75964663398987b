# Writes OUT: the SQL files in FILES as one array of {number, name, sql}, in the order of their numbers.
list(SORT FILES COMPARE NATURAL)
set(rows "")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} sql)
  # Without leading zeros, which would make it octal in C++.
  string(REGEX REPLACE "^0*([0-9]+)_.*" "\\1" number ${name})
  string(APPEND rows "    {${number}, \"${name}\", R\"latchkeysql(${sql})latchkeysql\"},\n")
endforeach()
file(WRITE ${OUT} "// Made from src/storage/migrations by cmake/embed_migrations.cmake.
#include \"storage/migrations.h\"

namespace latchkey::storage {
namespace {
constexpr Migration kMigrations[] = {
${rows}};
}
std::span<const Migration> migrations() { return kMigrations; }
}  // namespace latchkey::storage
")
