# canopy_bulk: bulk operations on a directory of identities, inside PostgreSQL
#
# Against the server that pg_config (or PG_CONFIG=...) names:
#   make               the library and the install script
#   make install       copies them into the server's folders (DESTDIR= stages)
#   make installcheck  regression and isolation tests in the running server
#   make uninstall, make clean
#
# On Debian, without any preparation; each installs the packages it misses,
# works in a throw-away server and leaves the system's folders alone:
#   make demo          a first result
#   make bench         cost per row beside other ways; FULL=1 is the long form
#   make check         every test; SUITE=pgtap runs one suite (see test/run), and
#                      with FILES=attach of pgtap, tap, attack, http, csv, input or fuzz these files
#   make fuzz          the parsers, for some seconds each; SECONDS=n for n seconds
#   make check-style   the rules of the house alone
#   make check-long    every test, with a clean gcc and a clean clang build; pgTAP and the
#                      attacks also with AddressSanitizer and UBSan
#   make indent        typedefs.list and the layout of src, rewritten
#   make check-indent  says what "make indent" would change
#   make requirements  the packages alone
#
# WERROR=1 makes warnings errors, CC=clang changes the compiler.

EXTENSION = canopy_bulk
MODULE_big = canopy_bulk
OURS = demo bench check fuzz check-style check-long indent check-indent requirements

ifneq (,$(filter $(OURS),$(MAKECMDGOALS)))

# These must work before there is a pg_config, so PGXS stays out of their way.
.PHONY: $(MAKECMDGOALS)
$(OURS):
	@test/run/$@ $(SUITE) $(SECONDS)
$(filter-out $(OURS),$(MAKECMDGOALS)):
	@$(MAKE) $@

else

EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
SCRIPT = sql/$(EXTENSION)--$(EXTVERSION).sql
TABLES = $(sort $(wildcard sql/tables/*.sql))
PARTS = $(sort $(wildcard sql/parts/*.sql))
DATA_built = $(SCRIPT)
DATA = $(wildcard sql/$(EXTENSION)--*--*.sql)
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
SCHEMAS = src/flow/schemas.inc
EXTRA_CLEAN = build $(SCHEMAS) $(OBJS:.o=.d)

REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=.

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq (,$(PGXS))
$(error $(PG_CONFIG) does not run: "make requirements" installs it on Debian)
endif

PG_CPPFLAGS = -Isrc -DCANOPY_BULK_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -MMD -MP
SHLIB_LINK = -Wl,--version-script=src/exports.map -lsodium -licuuc -licui18n -luchardet -lcurl -lz -lssl -lcrypto -lcrypt -lpthread
ifdef WERROR
# The server's headers are not ours to mend: as system headers they are quiet.
PG_CPPFLAGS += -isystem $(shell $(PG_CONFIG) --includedir-server)
# Callbacks have the server's signature, whether they need all of it or not.
# A table of statements leaves out the fields that are zero.
PG_CFLAGS += -Wall -Wextra -Werror -Wno-unused-parameter \
	-Wno-missing-field-initializers
endif
include $(PGXS)
ifneq (,$(findstring clang,$(CC)))
# The server was built by gcc and hands on flags that clang has not heard of.
override CFLAGS += -Wno-unknown-warning-option -Wno-ignored-optimization-argument
endif

$(shlib): src/exports.map
# a JSON text as the lines of a C string
src/flow/openapi.o src/flow/openapi.bc: $(SCHEMAS)
$(SCHEMAS): $(SCHEMAS:.inc=.json)
	sed 's/[\\"]/\\&/g; s/^[[:blank:]]*/"/; s/$$/ "/' $< > $@
# Part 10 ends where the tables begin, part 11 goes on behind them.
$(SCRIPT): $(PARTS) $(TABLES) sql/parts sql/tables $(EXTENSION).control
	cat sql/parts/0*.sql sql/parts/10*.sql $(TABLES) sql/parts/11*.sql sql/parts/[2-9]*.sql > $@
-include $(OBJS:.o=.d)

endif
