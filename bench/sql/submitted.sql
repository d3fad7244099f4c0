select edge.job_submitted(job => $1, runpod_job_id => $2, response_time_ms => $3) as answer
