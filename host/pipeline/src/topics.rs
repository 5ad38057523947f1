//! Who waits for news of a topic in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Waiters by topic.
#[derive(Default)]
pub(crate) struct Topics {
    waiting: Mutex<HashMap<String, Arc<Notify>>>,
}

/// One waiter; forgotten when it is dropped.
pub(crate) struct Listener {
    topics: Arc<Topics>,
    topic: String,
    news: Arc<Notify>,
}

impl Topics {
    fn map<T>(&self, f: impl FnOnce(&mut HashMap<String, Arc<Notify>>) -> T) -> T {
        f(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Listens to a topic. News that come while nobody waits are kept until somebody does.
    pub(crate) fn listen(self: &Arc<Self>, topic: String) -> Listener {
        let news = Arc::new(Notify::new());
        self.map(|waiting| waiting.insert(topic.clone(), Arc::clone(&news)));
        Listener { topics: Arc::clone(self), topic, news }
    }

    /// There is something new.
    pub(crate) fn tell(&self, topic: &str) {
        self.map(|waiting| waiting.get(topic).inspect(|news| news.notify_one()).is_some());
    }

    /// There may be something new anywhere.
    pub(crate) fn tell_all(&self) {
        self.map(|waiting| waiting.values().for_each(|news| news.notify_one()));
    }
}

impl Listener {
    /// Waits for news.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.topics.map(|waiting| {
            // Somebody else may listen to it by now.
            if waiting.get(&self.topic).is_some_and(|news| Arc::ptr_eq(news, &self.news)) {
                waiting.remove(&self.topic);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn news_are_kept_for_who_listens_and_forgotten_with_him() {
        let topics = Arc::new(Topics::default());
        let listener = topics.listen("a".to_owned());
        topics.tell("a");
        topics.tell("b");
        listener.news().await;
        let newer = topics.listen("a".to_owned());
        drop(listener);
        topics.tell_all();
        newer.news().await;
        drop(newer);
        assert!(topics.map(|waiting| waiting.is_empty()));
    }
}
