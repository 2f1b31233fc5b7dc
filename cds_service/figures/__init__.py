"""Tables and charts of counts, with small cells hidden: for the back-test's report and the feedback page."""
