"""Connection types that this distribution adds to Airflow."""
