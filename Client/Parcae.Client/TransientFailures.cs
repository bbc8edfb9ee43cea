using System.Net.Sockets;

using Orleans.Runtime;
using Orleans.Serialization;

using StackExchange.Redis;

namespace Parcae.Client;

/// <summary>Tells failures of the way to the service (worth another try) from its answers (not), and tries again.</summary>
internal static class TransientFailures
{
    /// <summary>Waits between attempts: short at first, so that the loss of one of several silos is hardly felt.</summary>
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private static readonly string[] StoreNamespaces = ["Orleans.Persistence.Redis.", "Orleans.Reminders.Redis.", "StackExchange.Redis."];

    /// <summary>
    /// Whether <paramref name="exception"/> says that the service was not reached or did not answer. Exceptions that a grain throws on purpose
    /// (<see cref="ArgumentException"/>, <see cref="KeyNotFoundException"/>, ...) are answers.
    /// </summary>
    public static bool IsTransient(Exception exception) =>
        exception is OrleansException or TimeoutException or RedisConnectionException or RedisTimeoutException or SocketException or IOException
        // Orleans: the client has lost all its gateways, or a connection died under the message.
        || exception is ObjectDisposedException { ObjectName: not "ParcaeClient" }
        || TypeName(exception) is "Orleans.Runtime.Messaging.ConnectionFailedException" or "Orleans.Runtime.Messaging.ConnectionAbortedException"
        // The service could not write down what it was told: its store is away.
        || StoreNamespaces.Any(TypeName(exception).StartsWith);

    /// <summary>The type of an exception, also where this process does not have it.</summary>
    private static string TypeName(Exception exception) =>
        (exception is UnavailableExceptionFallbackException { ExceptionType: { Length: > 0 } type } ? type : exception.GetType().FullName) ?? "";

    /// <summary>Runs <paramref name="call"/> until it gives an answer.</summary>
    /// <exception cref="ParcaeUnavailableException">No answer within <paramref name="patience"/>.</exception>
    public static async Task<T> RetryAsync<T>(
        Func<Task<T>> call, string what, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        long begin = time.GetTimestamp();
        var wait = FirstWait;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                return await call().WaitAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (IsTransient(e))
            {
                if (time.GetElapsedTime(begin) + wait > patience)
                    throw new ParcaeUnavailableException(
                        $"The service did not answer '{what}' within {patience.TotalSeconds:0.#} s. The last attempt: {e.GetType().Name}: {e.Message}", e);
            }

            await Task.Delay(wait, time, cancellation).ConfigureAwait(false);
            wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, LongestWait.Ticks));
        }
    }
}
