#include "core/journal_record.h"

#include <sqlite3.h>

#include "core/database.h"

void journal_record_read(struct sqlite3_stmt *statement, struct journal_record *record)
{
    *record = (struct journal_record){
        .seq = sqlite3_column_int64(statement, 0),
        .at_ms = sqlite3_column_int64(statement, 1),
        .kind = database_text(statement, 2),
        .run = database_text(statement, 3),
        .intent = sqlite3_column_int64(statement, 4),
        .service = database_text(statement, 5),
        .operation = database_text(statement, 6),
        .once = database_text(statement, 7),
        .content = database_text(statement, 8),
        .outcome = database_text(statement, 9),
        .body = database_text(statement, 10),
    };
}
