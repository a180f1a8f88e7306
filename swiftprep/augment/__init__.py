"""More samples from those there are, without a teacher."""
