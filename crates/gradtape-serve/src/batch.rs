//! [`Queue`]: requests for one model, whose rows go through the network together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use gradtape::train::{Answers, Predictor};
use gradtape::{Error, Kind, Result, Tensor};
use tokio::sync::oneshot;

/// A model with a thread of its own that answers what is asked of it.
pub(crate) struct Queue {
    predictor: Arc<Predictor>,
    jobs: SyncSender<Job>,
}

/// Inputs that wait for an answer.
struct Job {
    inputs: Tensor,
    reply: oneshot::Sender<Result<Answers>>,
}

/// Why there is no answer.
pub(crate) enum Refusal {
    /// Too many requests wait.
    Full,
    /// The network could not answer.
    Failed(Error),
}

/// How many requests may wait for a model.
const WAITING: usize = 1024;

impl Queue {
    /// Starts the model's thread. It ends with the queue.
    pub(crate) fn start(predictor: Predictor, delay: Duration, most_rows: usize) -> Queue {
        let predictor = Arc::new(predictor);
        let (jobs, waiting) = sync_channel(WAITING);
        let worker = Worker { predictor: predictor.clone(), waiting, delay, most_rows };
        std::thread::spawn(move || worker.work());
        Queue { predictor, jobs }
    }

    pub(crate) fn predictor(&self) -> &Arc<Predictor> {
        &self.predictor
    }

    /// The answers for inputs.
    pub(crate) async fn answer(&self, inputs: Tensor) -> Result<Answers, Refusal> {
        let (reply, answer) = oneshot::channel();
        match self.jobs.try_send(Job { inputs, reply }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(Refusal::Full),
            Err(TrySendError::Disconnected(_)) => return Err(Refusal::Failed(gone())),
        }
        match answer.await {
            Ok(answer) => answer.map_err(Refusal::Failed),
            Err(_) => Err(Refusal::Failed(gone())),
        }
    }
}

fn gone() -> Error {
    Error::new(Kind::Model, "the model's thread has ended")
}

/// What gathers jobs and runs the network.
struct Worker {
    predictor: Arc<Predictor>,
    waiting: Receiver<Job>,
    delay: Duration,
    most_rows: usize,
}

impl Worker {
    fn work(self) {
        while let Ok(first) = self.waiting.recv() {
            let mut jobs = vec![first];
            self.gather(&mut jobs);
            self.answer(jobs);
        }
    }

    /// What waits already, and what comes before the delay is over.
    fn gather(&self, jobs: &mut Vec<Job>) {
        let end = Instant::now() + self.delay;
        let mut rows = jobs[0].inputs.shape()[0];
        while rows < self.most_rows {
            let job = match self.delay.is_zero() {
                true => self.waiting.try_recv().map_err(|_| RecvTimeoutError::Timeout),
                false => self.waiting.recv_timeout(end.saturating_duration_since(Instant::now())),
            };
            let Ok(job) = job else { return };
            rows += job.inputs.shape()[0];
            jobs.push(job);
        }
    }

    fn answer(&self, mut jobs: Vec<Job>) {
        // Who asked may have gone.
        jobs.retain(|job| !job.reply.is_closed());
        if let [_] = jobs[..] {
            return jobs.into_iter().for_each(|job| self.answer_one(job));
        }
        let inputs: Vec<Tensor> = jobs.iter().map(|job| job.inputs.clone()).collect();
        let all = Tensor::concat(&inputs, 0).and_then(|inputs| self.run(&inputs));
        let Ok(all) = all else {
            // One of them cannot be answered; the others can.
            return jobs.into_iter().for_each(|job| self.answer_one(job));
        };
        let mut start = 0;
        for job in jobs {
            let end = start + job.inputs.shape()[0];
            let _ = job.reply.send(part(&all, start, end));
            start = end;
        }
    }

    fn answer_one(&self, job: Job) {
        let _ = job.reply.send(self.run(&job.inputs));
    }

    /// A fault of ours in one request does not end the service.
    fn run(&self, inputs: &Tensor) -> Result<Answers> {
        let run = AssertUnwindSafe(|| self.predictor.answer(inputs));
        catch_unwind(run).unwrap_or_else(|_| Err(Error::new(Kind::Model, "the network failed")))
    }
}

/// The answers for some of the rows.
fn part(all: &Answers, start: usize, end: usize) -> Result<Answers> {
    Ok(match all {
        Answers::Numbers(numbers) => Answers::Numbers(numbers[start..end].to_vec()),
        Answers::Classes { labels, probabilities } => Answers::Classes {
            labels: labels[start..end].to_vec(),
            probabilities: probabilities.slice(0, start..end)?,
        },
    })
}
