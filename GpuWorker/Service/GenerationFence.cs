using Parcae.Grains;

namespace Parcae.GpuWorker.Service;

/// <summary>The lowest generation that is still accepted for a job on this instance. It only rises; what was begun for an older one is cancelled.</summary>
internal sealed class GenerationFence : IDisposable
{
    private readonly Lock _lock = new();
    private CancellationTokenSource _overtaken = new();
    private int _lowest;

    /// <summary>The lowest generation accepted.</summary>
    public int Lowest
    {
        get { lock (_lock) return _lowest; }
    }

    /// <summary>Raises the fence to a generation.</summary>
    /// <returns>Cancelled when a later generation comes.</returns>
    /// <exception cref="StaleGenerationException">A later one has come already.</exception>
    public CancellationToken Raise(int generation) => Raise(generation, generation);

    /// <summary>Accepts nothing any more, unless a later generation has come; what was begun is cancelled.</summary>
    /// <exception cref="StaleGenerationException">A later one has come.</exception>
    public void Close(int generation) => Raise(generation, int.MaxValue);

    private CancellationToken Raise(int generation, int lowest)
    {
        CancellationTokenSource overtaken;
        CancellationToken current;
        lock (_lock)
        {
            if (generation < _lowest) throw new StaleGenerationException(generation, _lowest);
            if (lowest == _lowest) return _overtaken.Token;
            _lowest = lowest;
            overtaken = _overtaken;
            _overtaken = new CancellationTokenSource();
            current = _overtaken.Token;
        }

        // What ends by this runs here: it may take its own locks, and ask the fence from other threads.
        overtaken.Cancel();
        overtaken.Dispose();
        return current;
    }

    /// <summary>Raises the fence to a generation, and does something for it that ends when a later one comes.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="work">Is given what is cancelled then.</param>
    /// <exception cref="StaleGenerationException">A later one has come, before or meanwhile.</exception>
    public async Task<T> UntilOvertakenAsync<T>(int generation, Func<CancellationToken, Task<T>> work)
    {
        var overtaken = Raise(generation);
        try
        {
            return await work(overtaken);
        }
        catch (OperationCanceledException) when (overtaken.IsCancellationRequested)
        {
            throw new StaleGenerationException(generation, Lowest);
        }
    }

    /// <summary>Does something short for a generation, unless a later one has come; none can come meanwhile. Whatever lock the action takes, nobody may ask the fence while holding it.</summary>
    /// <exception cref="StaleGenerationException">A later one has come.</exception>
    public void Pass(int generation, Action action)
    {
        lock (_lock)
        {
            if (generation < _lowest) throw new StaleGenerationException(generation, _lowest);
            action();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _overtaken.Dispose();
}
