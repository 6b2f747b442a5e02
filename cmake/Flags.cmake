# Flags that every target gets, as one interface target.
add_library(pm_flags INTERFACE)
target_include_directories(pm_flags INTERFACE ${CMAKE_SOURCE_DIR}/include)
target_compile_definitions(pm_flags INTERFACE _GNU_SOURCE PM_VERSION="${PROJECT_VERSION}")

# A score is the same bits everywhere: no contraction into fused multiply-add, no fast-math, ever.
target_compile_options(pm_flags INTERFACE
  -ffp-contract=off -fno-math-errno
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef
  -fstack-protector-strong)

if(PM_WERROR)
  target_compile_options(pm_flags INTERFACE -Werror)
endif()

if(PM_SANITIZE)
  target_compile_options(pm_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(pm_flags INTERFACE -fsanitize=address,undefined)
endif()

if(PM_TSAN)
  target_compile_options(pm_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(pm_flags INTERFACE -fsanitize=thread)
endif()

if(PM_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "PM_FUZZ needs clang: configure with CC=clang")
  endif()
  target_compile_options(pm_flags INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  target_link_options(pm_flags INTERFACE -fsanitize=address,undefined)
endif()
