#include "pool/books.h"

#include "cmocka_include.h"
#include "pool/store.h"
#include "pool/tables.h"
#include "pool/test_store.h"

#include <string.h>

#include <poolminer/clock.h>

static bool read_epoch(void *context, const struct pm_table *table, const struct pm_cell *cells)
{
    struct books *books = context;
    (void)table;
    assert_in_range(cells[0].integer, 1, BOOKS_EPOCHS_MAX - 1);
    if (cells[3].integer) {
        books->settled++;
        books->paid[cells[0].integer] = cells[7].integer;
        assert_int_equal(cells[6].integer, cells[7].integer + cells[8].integer);
    }
    return true;
}

static bool read_payout(void *context, const struct pm_table *table, const struct pm_cell *cells)
{
    struct books *books = context;
    (void)table;
    books->payouts[cells[0].integer] += cells[3].integer;
    books->payouts_micro += cells[2].integer;
    return true;
}

static bool read_reward(void *context, const struct pm_table *table, const struct pm_cell *cells)
{
    struct books *books = context;
    (void)table;
    books->rewards_micro += cells[4].integer;
    return true;
}

static enum pm_pool_outcome read_books(struct pm_pool_store *store, void *context,
                                       struct pm_error *error)
{
    return pm_store_table_visit(store, pm_table_find("epochs"), read_epoch, context, error) &&
                   pm_store_table_visit(store, pm_table_find("payouts"), read_payout, context,
                                        error) &&
                   pm_store_table_visit(store, pm_table_find("rewards"), read_reward, context,
                                        error)
               ? PM_POOL_ROLLBACK
               : PM_POOL_FAILED;
}

static void look_at_books(struct books *books)
{
    memset(books, 0, sizeof *books);
    test_store_read(read_books, books);
    for (int64_t epoch = 1; epoch < BOOKS_EPOCHS_MAX; epoch++) {
        assert_int_equal(books->payouts[epoch], books->paid[epoch]);
    }
}

void assert_books_are_settled(struct books *books)
{
    int64_t until_ms = pm_clock_monotonic_ms() + 60000;
    do {
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(200);
        look_at_books(books);
    } while (books->payouts_micro < books->rewards_micro);
    assert_int_equal(books->payouts_micro, books->rewards_micro); /* none twice */
    assert_true(books->settled > 0 && books->rewards_micro > 0);
}
