"""What the attacks stand on: crowds of connections, honest clients beside them, the service's memory, and the report."""
