"""The function app: registers the blueprints of the four function groups, nothing else."""

import logging

import azure.functions as func

from functions.billing_run.triggers import blueprint as billing_run
from functions.export.triggers import blueprint as export
from functions.sync_usage.connection import blueprint as connection
from functions.sync_usage.deliveries import blueprint as deliveries
from functions.sync_usage.organisations import blueprint as organisations
from functions.sync_usage.partner_center_webhook import blueprint as partner_center_webhook
from functions.sync_usage.sync import blueprint as sync
from functions.sync_usage.triggers import blueprint as sync_usage

logging.getLogger("azure").setLevel(logging.WARNING)  # else every storage call writes several lines

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
app.register_functions(sync_usage)
app.register_functions(connection)
app.register_functions(deliveries)
app.register_functions(organisations)
app.register_functions(partner_center_webhook)
app.register_functions(sync)
app.register_functions(billing_run)
app.register_functions(export)
