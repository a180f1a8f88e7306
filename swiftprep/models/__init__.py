"""What training, serving and evaluation share: ms-swift's arguments, model folders and the device."""
