"""How a database comes to the tables of today: one file a step in versions/, never changed once it was released."""
