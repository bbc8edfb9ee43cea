namespace Parcae.Liveput.Planning.Futures;

/// <summary>One thing that may happen to a count in an interval.</summary>
/// <param name="Loss">Index of the number of losses.</param>
/// <param name="Next">Index of the count afterwards.</param>
/// <param name="Probability">Given the count before.</param>
internal readonly record struct CountMove(int Loss, int Next, double Probability);
