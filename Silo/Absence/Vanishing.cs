using Parcae.Grains;

namespace Parcae.Silo.Absence;

/// <summary>Obeys the order to vanish: the process is replaced by one that begins absent.</summary>
/// <param name="instanceId">This instance.</param>
/// <param name="before">The order by which it was away last, or null.</param>
/// <param name="replace">Replaces the process by one with the arguments.</param>
/// <param name="arguments">Those that this process was started with.</param>
internal sealed class Vanishing(string instanceId, string? before, Action<string[]> replace, string[] arguments)
{
    /// <summary>Whoever gave the order has the answer by then. Where it is lost nevertheless, the same order comes again and changes nothing.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private string? _obeyed = before;

    /// <summary>Of this process.</summary>
    public static Vanishing OfProcess(string instanceId, string? before) => new(instanceId, before, ProcessImage.Replace, ProcessImage.CanBeReplaced ? ProcessImage.Arguments : []);

    /// <summary>Has the process vanish a moment after this returns. An order that was obeyed before changes nothing.</summary>
    /// <exception cref="InvalidOperationException">This system cannot do it.</exception>
    public void Obey(VanishOrder order)
    {
        if (!ProcessImage.CanBeReplaced) throw new InvalidOperationException($"{instanceId} cannot act out a replay: it does not run on Linux.");
        lock (_lock)
        {
            if (_obeyed == order.Id) return;
            _obeyed = order.Id;
        }

        string[] next = Leave.Begin(order.Id, order.Away, instanceId).AddTo(Leave.TakeFrom(arguments).Arguments);
        new Thread(() => Replace(next)) { IsBackground = true, Name = "vanish" }.Start();
    }

    private void Replace(string[] next)
    {
        Thread.Sleep(AnswerTime);
        try
        {
            replace(next);
        }
        catch (IOException e)
        {
            // Nobody waits for this any more: the replay sees that the instance is still there.
            Console.Error.WriteLine($"{instanceId} cannot vanish: {e.Message}");
            lock (_lock) _obeyed = null;
        }
    }
}
