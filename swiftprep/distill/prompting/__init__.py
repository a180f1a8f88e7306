"""What a teacher is sent: the task, the API it needs, real uses; nothing that could be taken for an order."""
