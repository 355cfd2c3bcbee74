"""What steps read and write, told as OpenLineage events: names of tables and columns, never what stands in them."""
