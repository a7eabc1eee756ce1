\d
\d shapes.*
\d+ shapes.lines
\d shapes.items_pkey
\dn
\dt shapes.*
\dv shapes.*
\dm shapes.*
\di shapes.*
\ds shapes.*
\df shapes.*
\df+ shapes.add
\sf shapes.add
\sv shapes.cheap
\dT shapes.*
\dT+ shapes.mood
\dD shapes.*
\dp shapes.*
\dd shapes.*
\du ledger_app
\dx
\l seeded
\dP shapes.*
\dF
\dc pg_catalog.utf8_to_iso*
\do pg_catalog.||
\z shapes.items
\conninfo_is_not_compared
