"""What Alembic runs: always on the connection that ``portal.schema`` hands over, inside its transaction."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    render_as_batch=True,  # SQLite changes a column by making its table again
    transactional_ddl=True,  # both engines undo DDL: a step that fails leaves nothing behind
    compare_type=True,
    compare_server_default=True,
    render_item=context.config.attributes.get("render_item"),
    include_object=context.config.attributes.get("include_object"),
)
context.run_migrations()
