"""How fresh every source of the warnings is: told by the pipeline each night, shown to supervisors."""
