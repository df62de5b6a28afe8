//! [`Queue`]: requests for one model. Few rows of a small network are answered at once, by the thread that read them;
//! others go through the network together, on a thread of the model's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use gradtape::train::{Answers, Predictor};
use gradtape::{DType, Error, Kind, Result, Tensor};
use tokio::sync::oneshot;

/// A model that answers what is asked of it.
pub(crate) struct Queue {
    predictor: Arc<Predictor>,
    jobs: SyncSender<Job>,
    /// How many rows are answered at once.
    at_once: usize,
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

/// What takes less time is not worth another thread, which has to be woken, and to wake this one.
const SHORT: Duration = Duration::from_micros(50);

impl Queue {
    /// Starts the model's thread. It ends with the queue.
    pub(crate) fn start(predictor: Predictor, delay: Duration, most_rows: usize) -> Queue {
        let predictor = Arc::new(predictor);
        let (jobs, waiting) = sync_channel(WAITING);
        let at_once = if delay.is_zero() { rows_in(SHORT, &predictor) } else { 0 };
        let worker = Worker { predictor: predictor.clone(), waiting, delay, most_rows };
        std::thread::spawn(move || worker.work());
        Queue { predictor, jobs, at_once }
    }

    pub(crate) fn predictor(&self) -> &Arc<Predictor> {
        &self.predictor
    }

    /// The answers for inputs.
    pub(crate) async fn answer(&self, inputs: Tensor) -> Result<Answers, Refusal> {
        if inputs.shape()[0] <= self.at_once {
            return run(&self.predictor, &inputs).map_err(Refusal::Failed);
        }
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

/// How many rows a network answers in a time, by how long it takes for one.
fn rows_in(time: Duration, predictor: &Predictor) -> usize {
    let row = Tensor::zeros([1, predictor.preprocessing().width()], DType::F32);
    let took = (0..5).map(|_| {
        let start = Instant::now();
        // Also what fails takes its time.
        let _ = run(predictor, &row);
        start.elapsed()
    });
    let least = took.min().unwrap_or(time);
    (time.as_nanos() / least.as_nanos().max(1)) as usize
}

/// A fault of ours in one request does not end the service.
fn run(predictor: &Predictor, inputs: &Tensor) -> Result<Answers> {
    let run = AssertUnwindSafe(|| predictor.answer(inputs));
    catch_unwind(run).unwrap_or_else(|_| Err(Error::new(Kind::Model, "the network failed")))
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
        let all = Tensor::concat(&inputs, 0).and_then(|inputs| run(&self.predictor, &inputs));
        let Ok(all) = all else {
            // One of them cannot be answered; the others can.
            return jobs.into_iter().for_each(|job| self.answer_one(job));
        };
        let mut start = 0;
        for job in jobs {
            let end = start + job.inputs.shape()[0];
            let _ = job.reply.send(all.rows(start..end));
            start = end;
        }
    }

    fn answer_one(&self, job: Job) {
        let _ = job.reply.send(run(&self.predictor, &job.inputs));
    }
}
