"""What people read of a finished corpus: the tables, plots and page of `pipelines.report`."""
