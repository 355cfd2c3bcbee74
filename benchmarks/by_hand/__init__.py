"""The models' questions answered without the models: by one SQL script, and in pandas."""
