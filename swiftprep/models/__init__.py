"""What training, serving and evaluation need of a model, of its folder and of the device."""
