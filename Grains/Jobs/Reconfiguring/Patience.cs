namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>Waiting with a limit.</summary>
internal static class Patience
{
    /// <summary>Waits until the task is completed, well or not, or the limit has passed. Returns whether it is completed; never throws for it.</summary>
    public static async Task<bool> CompletesWithin(this Task task, TimeSpan limit, TimeProvider time)
    {
        await task.WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return task.IsCompleted;
    }

    /// <summary>Why a completed task failed, or that it never answered.</summary>
    public static string Failure(this Task task) => task switch
    {
        { IsFaulted: true } => $"{task.Exception.InnerException!.GetType().Name}: {task.Exception.InnerException.Message}",
        { IsCanceled: true } => "canceled",
        _ => "no answer in time",
    };
}
