"""What Prorata keeps, written once on the ports: blob first, the row that makes it exist last; rows are read first.

| thing | table | partition | row | bulk |
|---|---|---|---|---|
| source file | sourcefiles | period | file name | source-files/PERIOD/NAME |
| a customer's rows of a file | sourcelines | customer | period, file name | source-lines/PERIOD/CUSTOMER/... |
| billing terms (price list, ...) | terms | kind | first period | source-files/terms/... |
| billing run | runs | run | period, scope | charge-lines/runs/... |
| run chunk done | runchunks | run, inputs, start | stage, chunk number | |
| run's customer | runcustomers | run, inputs, start | customer | charge-lines/runs/... (issues) |
| invoice | invoices | customer | period, currency, kind, revision | charge-lines/CUSTOMER/... |
| invoice number | counters | invoice-number | series | |
| tenant | tenants | "tenant" | tenant | |
| who is behind it | tenantprofiles | tenant | "profile" | |
| what is wrong with it | synctroubles | "tenant" | tenant, kind | |
| subscription | subscriptions | customer | s, subscription | |
| what happened to it | subscriptions | customer | e, subscription, instant, kind, source, id | |
| licence count | licencecounts | customer | "now"; d, SKU, day | |
| users | tenantusers | customer | "users" | synced/users/... |
| day's sync, its chunks | syncdays, syncchunks | "day"; day | day; chunk | |
| export | exports | period | scope, currency, format | exports/PERIOD/... |
"""
