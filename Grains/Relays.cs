namespace Parcae.Grains;

/// <summary>
/// Calls to grains that stand between others, to which a call may not come: the silo of the grain has just been lost, or the one whose part of the directory says where the grain is. That lasts until the membership
/// knows of the loss, and says nothing about what is behind the grain.
/// </summary>
internal static class Relays
{
    private const int Tries = 40;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Puts a question that may come twice, again while it is not answered for such a reason.</summary>
    public static Task<T> Ask<T>(Func<Task<T>> question, TimeProvider time) => Call(question, _ => true, time);

    /// <summary>Gives an order that should not come twice, again while it cannot come to the grain.</summary>
    public static Task<T> Order<T>(Func<Task<T>> order, TimeProvider time) => Call(order, e => e is not SiloUnavailableException, time);

    /// <inheritdoc cref="Order{T}"/>
    public static Task Order(Func<Task> order, TimeProvider time) => Order(
        async () =>
        {
            await order();
            return true;
        },
        time);

    private static async Task<T> Call<T>(Func<Task<T>> call, Func<OrleansMessageRejectionException, bool> mayAgain, TimeProvider time)
    {
        for (int again = 0; ; again++)
        {
            try
            {
                return await call();
            }
            catch (OrleansMessageRejectionException e) when (again < Tries && mayAgain(e))
            {
                await Task.Delay(Pause, time);
            }
        }
    }
}
