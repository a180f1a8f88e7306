"""Write the prompts for teachers: the task, the API it needs and real uses, with prompt injections removed."""
