using Microsoft.Extensions.Logging;

namespace Parcae.Silo.Availability.Passing;

/// <summary>Brings a notice to the fleet, whatever it takes: at least once, with less time left at each try. The fleet takes a repeat for what it is.</summary>
internal sealed partial class NoticeDelivery(IFleetPlace place, TimeProvider time, ILogger<NoticeDelivery> logger)
{
    /// <summary>Longest wait for one call: a grain whose silo has just died does not say so for seconds.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Delivers a notice.</summary>
    /// <param name="remaining">Time left as of now.</param>
    /// <param name="reason">Who said what, for people.</param>
    /// <param name="cancellation">Ends the tries.</param>
    /// <param name="giveUp">Asked after each failure: whether the notice is not worth another try. Null: it always is.</param>
    /// <returns>Whether the fleet has it.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<bool> DeliverAsync(TimeSpan remaining, string reason, CancellationToken cancellation, Func<bool>? giveUp = null)
    {
        long start = time.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var left = remaining - time.GetElapsedTime(start);
            if (left < TimeSpan.Zero) left = TimeSpan.Zero;
            try
            {
                await place.NoticeAsync(left, reason).WaitAsync(CallTimeout, time, cancellation);
                LogDelivered(reason, left.TotalSeconds);
                return true;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                // Whatever it was: the fleet's store, a lost silo, an instance that has not joined yet. All of them pass.
                LogFailed(e, reason, e.Message);
            }

            if (giveUp?.Invoke() == true) return false;
            await Task.Delay(pause, time, cancellation);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The fleet was told that this instance will be gone in {Seconds:0.#} s: {Reason}.")]
    private partial void LogDelivered(string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The fleet could not be told of a notice ({Reason}): {Problem} It is tried again.")]
    private partial void LogFailed(Exception e, string reason, string problem);
}
