create database airflow encoding 'UTF8' template template0;
