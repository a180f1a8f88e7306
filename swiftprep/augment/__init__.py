"""Make variants of existing samples, without a teacher."""
