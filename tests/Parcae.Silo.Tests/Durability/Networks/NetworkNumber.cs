namespace Parcae.Silo.Tests.Durability.Networks;

/// <summary>A number that no other test run of this machine has at the same time. It is held by a lock that ends with the process, however that does.</summary>
internal sealed class NetworkNumber : IDisposable
{
    private const int Most = 250;
    private static readonly string Folder = Path.Combine(Path.GetTempPath(), "parcae-networks");
    private readonly FileStream _lock;

    private NetworkNumber(int value, FileStream held) => (Value, _lock) = (value, held);

    /// <summary>From 1 to 250.</summary>
    public int Value { get; }

    /// <summary>Takes a number, and clears away what is left of those whose owners are gone.</summary>
    /// <param name="clear">Removes what a number was used for.</param>
    /// <exception cref="InvalidOperationException">All are taken.</exception>
    public static NetworkNumber Claim(Action<int> clear)
    {
        Directory.CreateDirectory(Folder);
        NetworkNumber? own = null;
        for (int number = 1; number <= Most; number++)
        {
            bool used = File.Exists(LockFile(number));
            if ((!used && own is not null) || TryLock(number) is not { } held) continue;
            if (used) clear(number);
            if (own is null) own = new NetworkNumber(number, held);
            else held.Dispose();
        }

        return own ?? throw new InvalidOperationException($"All {Most} numbers are taken: {Folder}");
    }

    /// <summary>Gives it back; what it was used for is gone by now.</summary>
    public void Dispose() => _lock.Dispose();

    private static string LockFile(int number) => Path.Combine(Folder, $"{number}.lock");

    private static FileStream? TryLock(int number)
    {
        try
        {
            return new FileStream(LockFile(number), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            // Somebody has it.
            return null;
        }
    }
}
